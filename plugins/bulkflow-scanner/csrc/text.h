/* Validates UTF-8 according to table 3-7 of the Unicode standard: no surrogates, no overlong
 * sequences, nothing above U+10FFFF. */

#ifndef BULKFLOW_TEXT_H
#define BULKFLOW_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "words.h"

/* The expected bytes: `need` more bytes of a sequence, the first of them from `least` to `most`. */
struct text {
    int need;
    uint8_t least;
    uint8_t most;
};

/* Process the first byte of a sequence; return false if it is invalid. */
static inline bool text_start(struct text *text, uint8_t byte)
{
    text->need = byte < 0xC2 ? 0 : byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : byte < 0xF5 ? 3 : 0;
    text->least = byte == 0xE0 ? 0xA0 : byte == 0xF0 ? 0x90 : 0x80;
    text->most = byte == 0xED ? 0x9F : byte == 0xF4 ? 0x8F : 0xBF;
    return text->need > 0;
}

/* Process the next 64 bytes; return false if they are invalid. `high` is the set of non-ASCII
 * bytes; only these are examined. A sequence that continues after the 64 bytes is validated with
 * the next ones. */
static inline bool text_continue(struct text *text, const uint8_t *bytes, uint64_t high)
{
    int next = 0;
    for (; high; high &= high - 1) {
        int at = lowest_bit(high);
        if (!text->need) {
            if (!text_start(text, bytes[at]))
                return false;
        } else if (at == next && bytes[at] >= text->least && bytes[at] <= text->most) {
            text->need--;
            text->least = 0x80;
            text->most = 0xBF;
        } else {
            text->need = 0;
            return false;
        }
        next = at + 1;
    }
    if (text->need && next != WORD) {
        text->need = 0;
        return false;
    }
    return true;
}

#endif
