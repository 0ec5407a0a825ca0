/* SPDX-License-Identifier: MIT */
/* query_spec.c -- what a search asks for when it says nothing. */
#include "query/query.h"

void query_spec_init(struct query_spec *spec)
{
    *spec = (struct query_spec){.limit = 20,
                                .page = 1,
                                .hits_per_page = 20,
                                .crop_length = 10,
                                .crop_marker = B("\xE2\x80\xA6"),
                                .pre_tag = B("<em>"),
                                .post_tag = B("</em>"),
                                .strategy = MATCH_LAST};
}
