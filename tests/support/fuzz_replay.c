/* SPDX-License-Identifier: MIT */
/*
 * fuzz_replay.c -- runs a fuzz target over every file of its corpus folders.
 *
 * Stands in for libFuzzer's main in ordinary builds, so that each input that
 * once mattered is tried again under the sanitizers of that build.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t *data = NULL;
    long size = -1;

    if (!f || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0 || fseek(f, 0, SEEK_SET) != 0) {
        perror(path);
        exit(2);
    }
    /* An exact allocation: a read of one byte too many is seen. */
    data = malloc(size ? (size_t)size : 1);
    if (!data || fread(data, 1, (size_t)size, f) != (size_t)size) {
        perror(path);
        exit(2);
    }
    (void)fclose(f);
    (void)LLVMFuzzerTestOneInput(data, (size_t)size);
    free(data);
    return 1;
}

static int replay_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    char path[4096];
    int n = 0;

    if (!dir) {
        perror(folder);
        exit(2);
    }
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        n += replay_file(path);
    }
    (void)closedir(dir);
    return n;
}

int main(int argc, char **argv)
{
    int i, n = 0;

    for (i = 1; i < argc; i++)
        n += replay_folder(argv[i]);
    /* The empty input and a byte of each value belong to every corpus. */
    (void)LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    for (i = 0; i < 256; i++) {
        uint8_t byte = (uint8_t)i;

        (void)LLVMFuzzerTestOneInput(&byte, 1);
    }
    printf("replayed %d inputs of the corpus\n", n);
    return n == 0 ? 1 : 0;
}
