/* SPDX-License-Identifier: MIT */
/*
 * search_digest.c -- prints, for each index of a store that no server has open, what searches can
 * find in it.
 *
 * usage: search_digest STORE-DIRECTORY      one line an index: its uid and reader_digest() in
 * hexadecimal
 */
#include "index/index.h"
#include "index/reader.h"
#include "store/store.h"

#include <stdio.h>

static enum rc print_digest(struct catalog_view *view, const struct index_info *info,
                            struct err *err)
{
    struct reader *reader = NULL;
    uint8_t digest[32];
    enum rc rc = reader_open(view, info->id, &reader, err);

    if (rc == RC_OK)
        rc = reader_digest(reader, digest, err);
    reader_close(reader);
    if (rc != RC_OK)
        return rc;
    printf("%s ", info->uid);
    for (size_t i = 0; i < sizeof digest; i++)
        printf("%02x", digest[i]);
    printf("\n");
    return RC_OK;
}

int main(int argc, char **argv)
{
    const struct store_opts opts = {.write_buffer = 1 << 20};
    struct catalog_view *view = NULL;
    struct catalog *catalog = NULL;
    struct store *store = NULL;
    struct err err = {0};
    enum rc rc;

    if (argc != 2) {
        fprintf(stderr, "usage: search_digest STORE-DIRECTORY\n");
        return 2;
    }
    rc = store_open(argv[1], &opts, &store, &err);
    if (rc == RC_OK)
        rc = catalog_open(store, NULL, &catalog, &err);
    if (rc == RC_OK)
        rc = catalog_view_open(catalog, &view, &err);
    for (size_t i = 0; rc == RC_OK && i < catalog_view_count(view); i++) {
        struct index_info info = catalog_view_at(view, i);

        rc = print_digest(view, &info, &err);
    }
    catalog_view_close(view);
    catalog_close(catalog);
    store_close(store);
    if (rc != RC_OK)
        fprintf(stderr, "search_digest: %s\n", err.msg);
    return rc == RC_OK ? 0 : 1;
}
