/* Reading blocks of CSV: where records end, and whether anything looks wrong.
 *
 * The answers are those of bulkflow_csv/scanning/numpy_rows.py, and so is what is kept from block to block, even
 * where there is a doubt: whoever looks closely may find nothing wrong, and the pass goes on. */

#ifndef BULKFLOW_SCAN_H
#define BULKFLOW_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

struct scan {
    /* What is known of the file. */
    uint8_t delimiter;
    bool crlf;
    int64_t delimiters;   /* of a record */
    int64_t field_limit;  /* bytes that a value may have for certain */
    int64_t record_limit; /* the same for a record */

    /* What is kept for the next block; offsets are those of the file. */
    int64_t offset;         /* of the next block */
    int64_t last_end;       /* behind the last record end */
    int64_t last_separator; /* of the last byte that ended a value */
    int64_t floor;          /* of the last chunk in which a value ended */
    int64_t surplus;        /* delimiters seen, less those of the records that have ended */
    uint64_t inside;        /* all bits, if the next byte is in a quoted value; else none */
    uint64_t after_quote;   /* these three: 1 if that was the last byte, else 0 */
    uint64_t after_bare;
    uint64_t after_return;
    struct text text;

    /* What was found in the last block. */
    int64_t records;
    int64_t feeds;
    int64_t last; /* the position of the last record end, -1 if there is none */
    bool suspect;
    size_t words;      /* how many the block has */
    uint64_t *ends;    /* a set for each: the line feeds that end records */
    uint64_t *closing; /* and what ends values, these included */
};

/* Record ends of a block, for those who check nothing. */
struct found_ends {
    int64_t records;
    int64_t last;
};

/* A way to read, by what the processor can do. */
struct way {
    const char *name;
    bool (*present)(void);
    /* Read a block of `size` bytes; `ends` and `closing` have room for its words. */
    void (*read)(struct scan *scan, const uint8_t *data, size_t size);
    /* Find the ends of records; `inside` as in `struct scan`, for this block and the next. */
    struct found_ends (*ends)(const uint8_t *data, size_t size, uint64_t *inside);
    /* Count a byte. */
    int64_t (*count)(const uint8_t *data, size_t size, uint8_t byte);
};

/* All ways, the fastest first, up to one without a name; not all need be present. */
extern const struct way ways[];

#endif
