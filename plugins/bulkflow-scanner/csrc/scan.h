/* Reads blocks of CSV: finds record ends, and detects blocks that may contain an error.
 *
 * Results and state are identical to those of bulkflow_csv/scanning/numpy_rows.py, even after a
 * suspect block: the validator may find no error in it, and then the scan continues. */

#ifndef BULKFLOW_SCAN_H
#define BULKFLOW_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

struct scan {
    /* The format of the file. */
    uint8_t delimiter;
    bool crlf;
    int64_t delimiters;   /* per record */
    int64_t field_limit;  /* bytes; a shorter value is never too long */
    int64_t record_limit; /* bytes; a shorter record is never too long */

    /* State for the next block. Offsets count from the start of the file. */
    int64_t offset;         /* of the next block */
    int64_t last_end;       /* after the last record */
    int64_t last_separator; /* of the last byte that ended a value */
    int64_t floor;          /* of the last chunk in which a value ended */
    int64_t surplus;        /* delimiters so far, minus those due for all complete records */
    uint64_t inside;        /* all bits set if the next byte is in a quoted value, otherwise 0 */
    uint64_t after_quote;   /* 1 if the last byte was a quote, otherwise 0 */
    uint64_t after_bare;    /* the same for a character of an unquoted value */
    uint64_t after_return;  /* the same for a carriage return */
    struct text text;

    /* Results of the last block. */
    int64_t records;
    int64_t feeds;
    int64_t last; /* position of the last record end, -1 if there is none */
    bool suspect;
    size_t words;      /* in the block */
    uint64_t *ends;    /* one set per word: the line feeds that end records */
    uint64_t *closing; /* one set per word: the bytes that end values, including `ends` */
};

/* The record ends of a block that is not validated. */
struct found_ends {
    int64_t records;
    int64_t last;
};

/* The functions compiled for one instruction set. */
struct kernel {
    const char *name;
    bool (*present)(void);
    /* Read a block of `size` bytes; `ends` and `closing` must have room for its words. */
    void (*read)(struct scan *scan, const uint8_t *data, size_t size);
    /* Find record ends; `inside` is as in `struct scan` and is updated for the next block. */
    struct found_ends (*find_ends)(const uint8_t *data, size_t size, uint64_t *inside);
    /* Count the occurrences of a byte. */
    int64_t (*count_byte)(const uint8_t *data, size_t size, uint8_t byte);
};

/* All kernels, the fastest first, terminated by one without a name. Some may not be present. */
extern const struct kernel kernels[];

#endif
