/* SPDX-License-Identifier: MIT */
/* corpus.c -- lode-corpus: the command line over corpus.h. */
#include "corpus.h"

#include "base/bytes.h"
#include "json/json_write.h"

#include <string.h>

static int usage(FILE *to, int status)
{
    (void)fputs("lode-corpus -- data to fill a Lode server with\n\n"
                "  apt-cache dumpavail | lode-corpus packages > packages.ndjson\n"
                "      the packages that Debian offers, a JSON object a line\n"
                "  lode-corpus documents N [--seed S] [--first ID] > documents.ndjson\n"
                "      N made-up documents of 500-700 bytes; the same seed (default 1) gives the "
                "same bytes\n",
                to);
    return status;
}

static bool read_number(const char *text, uint64_t *ret)
{
    return text && json_parse_u64(bytes_str(text), ret);
}

int main(int argc, char **argv)
{
    uint64_t n = 0, seed = 1, first = 0;
    int i;

    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
        return usage(stdout, 0);
    if (argc == 2 && strcmp(argv[1], "packages") == 0) {
        if (!corpus_packages(stdin, stdout, &n)) {
            perror("lode-corpus");
            return 1;
        }
        (void)fprintf(stderr, "lode-corpus: %llu packages\n", (unsigned long long)n);
        return n ? 0 : 1;
    }
    if (argc < 3 || strcmp(argv[1], "documents") != 0 || !read_number(argv[2], &n))
        return usage(stderr, 2);
    for (i = 3; i < argc; i += 2) {
        if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc && read_number(argv[i + 1], &seed))
            continue;
        if (strcmp(argv[i], "--first") == 0 && i + 1 < argc && read_number(argv[i + 1], &first))
            continue;
        return usage(stderr, 2);
    }
    if (!corpus_documents(stdout, first, n, seed)) {
        perror("lode-corpus");
        return 1;
    }
    return 0;
}
