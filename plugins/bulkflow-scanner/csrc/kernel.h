/* The loops over the words of a block, compiled once for each way: no include guard on purpose.
 *
 * A way defines
 *   WAY(name)           the name of its function
 *   TARGET              what the compiler must be told to use its instructions
 *   MATCH(bytes, byte)  which of 64 bytes are `byte`
 *   HIGH(bytes)         which of them are not ASCII
 *   BETWEEN(word)       the parity of the bits up to and with each
 *   COUNT(word)         how many bits are set */

TARGET static void WAY(read)(struct scan *scan, const uint8_t *data, size_t size)
{
    const size_t words = words_of(size), whole = size / WORD, chunk = chunk_of(scan);
    const uint8_t delimiter = scan->delimiter;
    const uint64_t crlf = scan->crlf ? ALL : 0;
    const int64_t due = scan->delimiters;
    uint64_t *const ends_of = scan->ends, *const closing_of = scan->closing;
    uint64_t inside = scan->inside, after_quote = scan->after_quote;
    uint64_t after_bare = scan->after_bare, after_return = scan->after_return;
    /* The last byte of the block before may have been the first half of a CRLF. */
    uint64_t wrong = crlf ? 0 : after_return;
    int64_t surplus = scan->surplus, records = 0, feeds = 0;
    /* Where the last record ended, by words: the start of the word that holds its end. */
    int64_t since = scan->last_end - scan->offset, longest = WORD;
    bool doubt = false;
    uint8_t tail[WORD];

    for (size_t first = 0; first < words; first += chunk) {
        const size_t behind = chunk < words - first ? first + chunk : words;
        uint64_t any = 0;
        for (size_t index = first; index < behind; index++) {
            const uint8_t *bytes = data + WORD * index;
            uint64_t there = ALL;
            if (index == whole) {
                there = rest_of(bytes, size % WORD, tail);
                bytes = tail;
            }
            const uint64_t quotes = MATCH(bytes, '"'), breaks = MATCH(bytes, '\n');
            const uint64_t returns = MATCH(bytes, '\r'), high = HIGH(bytes);

            inside ^= BETWEEN(quotes);
            const uint64_t outside = ~inside;
            const uint64_t ends = breaks & outside;
            const uint64_t separators = MATCH(bytes, delimiter) & outside;
            const uint64_t closing = separators | ends;
            inside = (inside >> 63) ? ALL : 0;
            ends_of[index] = ends;
            closing_of[index] = closing;
            any |= closing;
            feeds += COUNT(breaks);
            wrong |= MATCH(bytes, 0) & there;

            /* Lines end in one way only: no CR at all, or one before each LF and nowhere else. */
            const uint64_t paired = (returns << 1 | after_return) ^ breaks;
            wrong |= (paired & crlf) | (returns & ~crlf);
            after_return = returns >> 63;

            /* A quote touches no character of a value without quotes: one that opens too late follows
             * it, one that closes too soon is followed by it. Doubled ones touch one another only. */
            const uint64_t bare = outside & ~(closing | quotes | (returns & crlf)) & there;
            wrong |= (quotes << 1 | after_quote) & bare;
            wrong |= (bare << 1 | after_bare) & quotes;
            after_quote = quotes >> 63;
            after_bare = bare >> 63;

            /* Whether a record ends in a word is hard to predict, so the first end is no branch. */
            const uint64_t lowest = ends & (~ends + 1);
            const bool held = ends != 0;
            const int64_t gap = WORD * ((int64_t)index + 1) - since;
            surplus += COUNT(separators & (lowest - 1));
            wrong |= held & (surplus != due);
            surplus -= held ? due : 0;
            records += held;
            longest = held && gap > longest ? gap : longest;
            since = held ? WORD * (int64_t)index : since;
            if (held) {
                uint64_t left = separators & ~(lowest - 1), more = ends ^ lowest;
                for (; more; more &= more - 1) {
                    const uint64_t below = (more & (~more + 1)) - 1;
                    surplus += COUNT(left & below);
                    left &= ~below;
                    wrong |= surplus != due;
                    surplus -= due;
                    records++;
                }
                surplus += COUNT(left);
            }

            if (high | (uint64_t)scan->text.need)
                wrong |= !text_goes_on(&scan->text, bytes, high);
        }
        const size_t end = WORD * behind < size ? WORD * behind : size;
        doubt |= scan->offset + (int64_t)end - scan->floor > scan->field_limit;
        if (any)
            scan->floor = scan->offset + (int64_t)(WORD * first);
    }

    scan->inside = inside;
    scan->after_quote = after_quote;
    scan->after_bare = after_bare;
    /* By the last byte, and not the last of 64: a block that is cut short has zeros behind it. */
    scan->after_return = scan->crlf ? after_return : data[size - 1] == '\r';
    scan->surplus = surplus;
    scan->records = records;
    scan->feeds = feeds;
    finish(scan, size, longest, wrong != 0, doubt);
}

TARGET static struct found_ends WAY(ends)(const uint8_t *data, size_t size, uint64_t *carried)
{
    const size_t words = words_of(size), whole = size / WORD;
    struct found_ends found = {0, -1};
    uint64_t inside = *carried, last = 0;
    size_t held = 0;
    uint8_t tail[WORD];
    for (size_t index = 0; index < words; index++) {
        const uint8_t *bytes = data + WORD * index;
        if (index == whole) {
            rest_of(bytes, size % WORD, tail);
            bytes = tail;
        }
        inside ^= BETWEEN(MATCH(bytes, '"'));
        const uint64_t ends = MATCH(bytes, '\n') & ~inside;
        inside = (inside >> 63) ? ALL : 0;
        found.records += COUNT(ends);
        last = ends ? ends : last;
        held = ends ? index : held;
    }
    if (last)
        found.last = (int64_t)(WORD * held) + highest_bit(last);
    *carried = inside;
    return found;
}

TARGET static int64_t WAY(count)(const uint8_t *data, size_t size, uint8_t byte)
{
    const size_t whole = size / WORD;
    int64_t found = 0;
    for (size_t index = 0; index < whole; index++)
        found += COUNT(MATCH(data + WORD * index, byte));
    if (size % WORD) {
        uint8_t tail[WORD];
        const uint64_t there = rest_of(data + WORD * whole, size % WORD, tail);
        found += COUNT(MATCH(tail, byte) & there);
    }
    return found;
}
