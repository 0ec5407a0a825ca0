/* SPDX-License-Identifier: MIT */
/*
 * posting_keys.c -- keys of lists of postings and their chunks; see keys.h.
 *
 * Words have no NUL (it separates them), so the NUL behind a word keeps the
 * chunks of "a" before those of "ab" and the two lists apart. Keys of lengths
 * have a fixed length and end with a NUL all the same.
 */
#include "index/posting_int.h"

#include "base/assert.h"
#include "index/keys.h"
#include "text/text.h"

size_t posting_beginning(struct bytes word)
{
    enum { THREE_BYTES = 0xE0 }; /* the least first byte of a character of three or four */

    return text_chars_bytes(word, word.n && word.p[0] >= THREE_BYTES ? 1 : 2);
}

struct bytes posting_length_key(uint8_t key[3], uint32_t field, uint32_t words)
{
    ASSERT(field <= SEARCH_FIELDS_MAX && words >= 1 && words <= FIELD_WORDS_MAX);
    key[0] = (uint8_t)(field >> 8);
    key[1] = (uint8_t)field;
    key[2] = (uint8_t)words;
    return bytes_of(key, 3);
}

struct bytes posting_key__list(struct key *k, enum posting_kind kind, uint32_t words,
                               struct bytes list)
{
    static const enum key_kind kinds[] = {
        [POSTING_WORD] = KEY_POSTING,
        [POSTING_PREFIX] = KEY_POSTING_PREFIX,
        [POSTING_LENGTH] = KEY_POSTING_LENGTH,
    };

    ASSERT(list.n > 0 && list.n <= KEY_NAME_MAX - 5);
    key_named(k, kinds[kind], words, list);
    k->p[k->n++] = 0;
    return key_bytes(k);
}

struct bytes posting_key__row(struct key *k, size_t n_list, uint32_t row)
{
    put_u32be(k->p + n_list, row);
    k->n = n_list + 4;
    return key_bytes(k);
}
