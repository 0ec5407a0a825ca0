/* SPDX-License-Identifier: MIT */
/*
 * store_crc.c -- the checksum that LevelDB calls, on the CPU's instruction.
 *
 * LevelDB checks every block each time it is read, for with memory-mapped tables
 * none of them stays in its cache; and its own CRC-32C, as Debian builds it, goes
 * through tables: a quarter of the CPU time of a search. So LevelDB is linked in
 * from its archive, and the function below has the name under which its object
 * files ask for leveldb::crc32c::Extend(): the linker has it already when it comes
 * to the archive and leaves the archive's own out. (A shared LevelDB is bound to
 * its own for good.) The sums are the same, so every read stays checked and any
 * LevelDB can read the files.
 */
#include "base/assert.h"
#include "base/hash.h"
#include "store/store_int.h"

void store__check_crc(void)
{
    static const char text[] = "123456789"; /* the check value of RFC 3720's polynomial */

    ASSERT(store__leveldb_crc(0, text, 9) == 0xE3069283);
    ASSERT(store__leveldb_crc(store__leveldb_crc(0, text, 4), text + 4, 5) == 0xE3069283);
}

uint32_t store__leveldb_crc(uint32_t crc, const char *p, size_t n)
{
    return crc32c(crc, bytes_of(p, n));
}
