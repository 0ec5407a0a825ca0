/* SPDX-License-Identifier: MIT */
/* character.c -- what a single character is, for those who read text without cutting it. */
#include "text/text.h"

#include <utf8proc.h>

static const unsigned letters_and_numbers =
    1U << UTF8PROC_CATEGORY_LU | 1U << UTF8PROC_CATEGORY_LL | 1U << UTF8PROC_CATEGORY_LT |
    1U << UTF8PROC_CATEGORY_LM | 1U << UTF8PROC_CATEGORY_LO | 1U << UTF8PROC_CATEGORY_MN |
    1U << UTF8PROC_CATEGORY_MC | 1U << UTF8PROC_CATEGORY_ND | 1U << UTF8PROC_CATEGORY_NL |
    1U << UTF8PROC_CATEGORY_NO;

bool text_is_alphanumeric(uint32_t character)
{
    unsigned category;

    if (character < 0x80)
        return (character >= '0' && character <= '9') ||
               ((character | 0x20) >= 'a' && (character | 0x20) <= 'z');
    category = (unsigned)utf8proc_category((utf8proc_int32_t)character);
    return 1U << category & letters_and_numbers;
}
