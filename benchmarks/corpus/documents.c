/* SPDX-License-Identifier: MIT */
/* documents.c -- made-up documents with the word statistics of real text. */
#include "corpus.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/rng.h"
#include "json/json_write.h"

#include <math.h>
#include <string.h>

enum { VOCABULARY = 50000, WORD_MAX = 16, LINE_MAX_BYTES = 1 << 16 };

struct vocabulary {
    char (*words)[WORD_MAX];
    double *cumulative; /* of Zipf weights 1/rank */
};

/* Syllables make words that look like words; short ones come first, as in language. */
static void make_word(struct rng *r, size_t rank, char dst[WORD_MAX])
{
    static const char onsets[][4] = {"b", "br", "c",  "ch", "d",  "dr", "f", "g",  "gr",
                                     "h", "j",  "k",  "l",  "m",  "n",  "p", "pl", "r",
                                     "s", "sh", "st", "t",  "tr", "v",  "w", ""};
    static const char vowels[][3] = {"a", "e", "i", "o", "u", "ai", "ea", "ou", "io", "y"};
    static const char codas[][3] = {"", "", "", "n", "r", "s", "l", "t", "nd", "ng", "ck", "m"};
    size_t syllables = rank < 100 ? 1 : rank < 2000 ? 2 : rank < 20000 ? 3 : 4;
    size_t n = 0, i;

    dst[0] = '\0';
    for (i = 0; i < syllables && n + 8 < WORD_MAX; i++)
        n += (size_t)snprintf(dst + n, WORD_MAX - n, "%s%s%s",
                              onsets[rng_below(r, sizeof onsets / sizeof *onsets)],
                              vowels[rng_below(r, sizeof vowels / sizeof *vowels)],
                              codas[rng_below(r, sizeof codas / sizeof *codas)]);
}

static void vocabulary_init(struct vocabulary *v, struct rng *r)
{
    double sum = 0;
    size_t i;

    v->words = xcalloc(VOCABULARY, sizeof *v->words);
    v->cumulative = xcalloc(VOCABULARY, sizeof *v->cumulative);
    for (i = 0; i < VOCABULARY; i++) {
        make_word(r, i, v->words[i]);
        sum += 1.0 / (double)(i + 1);
        v->cumulative[i] = sum;
    }
}

static void vocabulary_done(struct vocabulary *v)
{
    xfree(v->words);
    xfree(v->cumulative);
}

static const char *draw_word(const struct vocabulary *v, struct rng *r)
{
    double at = rng_unit(r) * v->cumulative[VOCABULARY - 1];
    size_t low = 0, high = VOCABULARY - 1;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (v->cumulative[middle] < at)
            low = middle + 1;
        else
            high = middle;
    }
    return v->words[low];
}

/* Sentences of 6 to 14 words. */
static void put_words(struct json_writer *w, const char *key, const struct vocabulary *v,
                      struct rng *r, size_t n, bool title)
{
    struct buf text;
    size_t i, left = 0;
    bool begin = true;

    buf_init(&text, LINE_MAX_BYTES);
    for (i = 0; i < n; i++) {
        const char *word = draw_word(v, r);
        size_t at;

        if (text.n)
            buf_byte(&text, ' ');
        at = text.n;
        buf_str(&text, word);
        if ((begin || title) && text.p[at] >= 'a' && text.p[at] <= 'z')
            text.p[at] = (uint8_t)(text.p[at] - 'a' + 'A');
        if (begin)
            left = 5 + rng_below(r, 9);
        begin = left == 0;
        if (begin && !title)
            buf_byte(&text, '.');
        left = left ? left - 1 : 0;
    }
    json_key(w, key);
    json_put_string(w, buf_view(&text));
    buf_done(&text);
}

static void put_genres(struct json_writer *w, struct rng *r)
{
    static const char *const genres[] = {
        "Action",  "Adventure",       "Animation", "Comedy", "Crime",  "Drama",
        "Family",  "Fantasy",         "History",   "Horror", "Music",  "Mystery",
        "Romance", "Science Fiction", "Thriller",  "War",    "Western"};
    size_t n = 1 + rng_below(r, 3), i;

    json_key(w, "genres");
    json_begin_array(w);
    for (i = 0; i < n; i++)
        json_str(w, genres[rng_below(r, sizeof genres / sizeof *genres)]);
    json_end_array(w);
}

static void put_document(struct json_writer *w, const struct vocabulary *v, struct rng *r,
                         uint64_t id)
{
    char poster[64];

    json_begin_object(w);
    json_key(w, "id");
    json_put_u64(w, id);
    put_words(w, "title", v, r, 2 + rng_below(r, 4), true);
    put_words(w, "overview", v, r, 42 + rng_below(r, 18), false);
    put_words(w, "tagline", v, r, 4 + rng_below(r, 5), false);
    (void)snprintf(poster, sizeof poster, "https://image.example/w500/%016llx.jpg",
                   (unsigned long long)rng_next(r));
    json_key(w, "poster");
    json_str(w, poster);
    put_genres(w, r);
    json_key(w, "release_date");
    json_put_i64(w, (int64_t)rng_below(r, 2000000000) - 300000000);
    json_key(w, "price");
    json_put_double(w, floor(rng_unit(r) * rng_unit(r) * 20000.0) / 100.0);
    json_key(w, "rating");
    json_put_double(w, (double)rng_below(r, 100) / 10.0);
    json_key(w, "in_stock");
    json_put_bool(w, rng_below(r, 4) != 0);
    if (rng_below(r, 10) == 0) {
        json_key(w, "_geo");
        json_begin_object(w);
        json_key(w, "lat");
        json_put_double(w, floor((rng_unit(r) * 180.0 - 90.0) * 1e4) / 1e4);
        json_key(w, "lng");
        json_put_double(w, floor((rng_unit(r) * 360.0 - 180.0) * 1e4) / 1e4);
        json_end_object(w);
    }
    json_end_object(w);
}

bool corpus_documents(FILE *out, uint64_t first, uint64_t n, uint64_t seed)
{
    struct vocabulary vocabulary;
    struct json_writer w;
    struct rng words, r;
    struct buf line;
    bool ok = true;
    uint64_t i;

    rng_init(&words, seed);
    vocabulary_init(&vocabulary, &words);
    buf_init(&line, LINE_MAX_BYTES);
    for (i = first; i < first + n && ok; i++) {
        rng_init(&r, seed ^ (i + 1) * 0x9e3779b97f4a7c15ULL); /* any part can be made alone */
        buf_clear(&line);
        json_writer_init(&w, &line);
        put_document(&w, &vocabulary, &r, i);
        buf_byte(&line, '\n');
        ok = buf_ok(&line) && fwrite(line.p, 1, line.n, out) == line.n;
    }
    buf_done(&line);
    vocabulary_done(&vocabulary);
    return ok && fflush(out) == 0;
}
