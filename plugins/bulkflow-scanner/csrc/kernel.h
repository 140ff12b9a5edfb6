/* The loops over the words of a block. Included once per kernel, so there is no include guard.
 *
 * A kernel defines
 *   KERNEL(name)        the name of its version of a function
 *   TARGET              the compiler attribute that enables its instructions
 *   MATCH(bytes, byte)  the set of the 64 bytes that equal `byte`
 *   HIGH(bytes)         the set of the 64 bytes that are not ASCII
 *   BETWEEN(word)       for each bit, the parity of the bits up to and including it
 *   COUNT(word)         the number of bits that are set */

TARGET static void KERNEL(read)(struct scan *scan, const uint8_t *data, size_t size)
{
    const size_t words = count_words(size), whole = size / WORD, chunk = get_chunk_words(scan);
    const uint8_t delimiter = scan->delimiter;
    const uint64_t crlf = scan->crlf ? ALL : 0;
    const int64_t due = scan->delimiters;
    uint64_t *const record_ends = scan->ends, *const value_ends = scan->closing;
    uint64_t inside = scan->inside, after_quote = scan->after_quote;
    uint64_t after_bare = scan->after_bare, after_return = scan->after_return;
    /* The last byte of the previous block may have been the first half of a CRLF. */
    uint64_t wrong = crlf ? 0 : after_return;
    int64_t surplus = scan->surplus, records = 0, feeds = 0;
    /* The start of the word in which the last record ended. */
    int64_t since = scan->last_end - scan->offset, longest = WORD;
    bool doubt = false;
    uint8_t tail[WORD];

    for (size_t first = 0; first < words; first += chunk) {
        const size_t stop = chunk < words - first ? first + chunk : words;
        uint64_t any = 0;
        for (size_t index = first; index < stop; index++) {
            const uint8_t *bytes = data + WORD * index;
            uint64_t there = ALL;
            if (index == whole) {
                there = load_tail(bytes, size % WORD, tail);
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
            record_ends[index] = ends;
            value_ends[index] = closing;
            any |= closing;
            feeds += COUNT(breaks);
            wrong |= MATCH(bytes, 0) & there;

            /* All line ends are equal: either no CR at all, or exactly one before each LF. */
            const uint64_t paired = (returns << 1 | after_return) ^ breaks;
            wrong |= (paired & crlf) | (returns & ~crlf);
            after_return = returns >> 63;

            /* No quote may be next to a character of an unquoted value: a quote that opens too late
             * follows one, a quote that closes too early precedes one. Doubled quotes are next to
             * each other only. */
            const uint64_t bare = outside & ~(closing | quotes | (returns & crlf)) & there;
            wrong |= (quotes << 1 | after_quote) & bare;
            wrong |= (bare << 1 | after_bare) & quotes;
            after_quote = quotes >> 63;
            after_bare = bare >> 63;

            /* The CPU cannot predict whether a record ends in a word, so avoid a branch for the
             * first end. */
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
                wrong |= !text_continue(&scan->text, bytes, high);
        }
        const size_t end = WORD * stop < size ? WORD * stop : size;
        doubt |= scan->offset + (int64_t)end - scan->floor > scan->field_limit;
        if (any)
            scan->floor = scan->offset + (int64_t)(WORD * first);
    }

    scan->inside = inside;
    scan->after_quote = after_quote;
    scan->after_bare = after_bare;
    /* Look at the last byte of the block, not of the word: a partial word is padded with zeros. */
    scan->after_return = scan->crlf ? after_return : data[size - 1] == '\r';
    scan->surplus = surplus;
    scan->records = records;
    scan->feeds = feeds;
    finish(scan, size, longest, wrong != 0, doubt);
}

TARGET static struct found_ends KERNEL(find_ends)(const uint8_t *data, size_t size, uint64_t *carried)
{
    const size_t words = count_words(size), whole = size / WORD;
    struct found_ends found = {0, -1};
    uint64_t inside = *carried, last = 0;
    size_t held = 0;
    uint8_t tail[WORD];
    for (size_t index = 0; index < words; index++) {
        const uint8_t *bytes = data + WORD * index;
        if (index == whole) {
            load_tail(bytes, size % WORD, tail);
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

TARGET static int64_t KERNEL(count_byte)(const uint8_t *data, size_t size, uint8_t byte)
{
    const size_t whole = size / WORD;
    int64_t found = 0;
    for (size_t index = 0; index < whole; index++)
        found += COUNT(MATCH(data + WORD * index, byte));
    if (size % WORD) {
        uint8_t tail[WORD];
        const uint64_t there = load_tail(data + WORD * whole, size % WORD, tail);
        found += COUNT(MATCH(tail, byte) & there);
    }
    return found;
}
