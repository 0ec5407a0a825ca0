/* SPDX-License-Identifier: MIT */
/*
 * corpus.h -- data to fill a server with: real packages, made-up documents.
 *
 * Threads    One.
 * Errors     False when writing fails.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Reads the stanzas of `apt-cache dumpavail` and writes a JSON object a line.
 * The id is the package name, with '+' as "_p" and '.' as "_d": ids hold neither.
 */
bool corpus_packages(FILE *in, FILE *out, uint64_t *ret_documents);

/*
 * Writes n documents of 500-700 bytes: title, overview, tagline, poster, genres,
 * release_date, price, rating, stock, and for a tenth _geo. The words follow
 * Zipf's law (rank-frequency exponent 1.0) over a vocabulary of 50,000 made-up
 * words. The same seed gives the same bytes on every machine.
 */
bool corpus_documents(FILE *out, uint64_t first, uint64_t n, uint64_t seed);
