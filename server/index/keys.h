/* SPDX-License-Identifier: MIT */
/*
 * keys.h -- every key there is in the store, in one place.
 *
 * The first byte is the kind. Numbers are big-endian, so that keys sort by
 * number. An index has its id, and the number of its body, under which the ids
 * of its documents live; none is ever used again. Its blocks, words, columns and
 * rows have numbers of their own, because each of them may be made anew. What is
 * given up (a body when all documents are deleted) is then swept a piece at a
 * time by later commits (change_sweep.c), because LevelDB has no range delete
 * and one commit has a bounded size.
 *
 *   kind  key behind the kind        value
 *   'b'   blocks(4) first row(4)     block.c: count, rows, one zstd frame
 *   'd'   blocks(4) first row(4)     varints: documents, content bytes of that block
 *   'e'   body(4) document id        document_entry.c: number, mark, length
 *   'f'   body(4) field name         varint: documents that have the field
 *   'i'   index id(4)                index_state.c: uid, primary key, times, counts
 *   's'   index id(4)                all settings, JSON in the order of the defaults
 *   'm'                              catalog_load.c: format, sequence, next numbers
 *   'x'   number(4)                  nothing: a number (a body or one of the next) to be swept
 *   'I'   index id(4)                search_state.c: numbers of its words, rows and columns
 *   'W'   words(4) word              nothing: the word is in the vocabulary
 *   'w'   words(4) word 0 row(4)     posting_chunk.c: rows that have the word, and where
 *   'p'   words(4) prefix 0 row(4)   the same for beginnings of longer words
 *   'n'   words(4) field(2) n(1) 0 row(4)  rows whose field has exactly n words
 *   'c'   column(4) row(4)           column_part.c: values of the rows from there on; row + 1:
 *                                    column_tail.c: more of them
 *   'D'   rows(4) tile(4)            rows.c: dead rows of the tile
 *   'R'   rows(4) row(4)             doc id(4): a row that is not its document's number
 *   't'   'T'                        of room task; not touched here
 */
#pragma once

#include "base/bytes.h"

enum key_kind {
    KEY_BLOCK = 'b',
    KEY_DIRECTORY = 'd',
    KEY_DOCUMENT_ID = 'e',
    KEY_FIELD = 'f',
    KEY_INDEX = 'i',
    KEY_META = 'm',
    KEY_SETTINGS = 's',
    KEY_TASK = 't',
    KEY_TASK_OTHER = 'T',
    KEY_TRASH = 'x',
    KEY_SEARCH = 'I',
    KEY_WORD = 'W',
    KEY_POSTING = 'w',
    KEY_POSTING_PREFIX = 'p',
    KEY_POSTING_LENGTH = 'n',
    KEY_COLUMN = 'c',
    KEY_ROW_DEAD = 'D',
    KEY_ROW_DOC = 'R',
};

enum {
    KEY_HEAD = 5,        /* kind and one number */
    KEY_NUMBERED = 9,    /* kind and two numbers */
    KEY_NAME_MAX = 1024, /* bytes of a document id or field name in a key */
    KEY_MAX = KEY_HEAD + KEY_NAME_MAX,
};

/* A key in the caller's storage. */
struct key {
    uint8_t p[KEY_MAX];
    size_t n;
};

static inline struct bytes key_bytes(const struct key *k)
{
    return (struct bytes){k->p, k->n};
}

/* Kind and one number: 'i', 's', 'x', and the prefix of all keys of a body. */
static inline struct bytes key_head(struct key *k, enum key_kind kind, uint32_t number)
{
    k->p[0] = (uint8_t)kind;
    put_u32be(k->p + 1, number);
    k->n = KEY_HEAD;
    return key_bytes(k);
}

/* 'b' and 'd'. */
static inline struct bytes key_numbered(struct key *k, enum key_kind kind, uint32_t body,
                                        uint32_t doc)
{
    key_head(k, kind, body);
    put_u32be(k->p + KEY_HEAD, doc);
    k->n = KEY_NUMBERED;
    return key_bytes(k);
}

/* 'e' and 'f'; name has at most KEY_NAME_MAX bytes. */
static inline struct bytes key_named(struct key *k, enum key_kind kind, uint32_t body,
                                     struct bytes name)
{
    key_head(k, kind, body);
    if (name.n)
        memcpy(k->p + KEY_HEAD, name.p, name.n);
    k->n = KEY_HEAD + name.n;
    return key_bytes(k);
}
