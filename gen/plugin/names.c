/* SPDX-License-Identifier: MIT */
/*
 * names.c -- how proto names become C names.
 *
 * What protoc-gen-c prints must be met exactly, its acronym rule included
 * ("HTTPRule" -> "httprule"); names for which that reads badly are refused by
 * lint.c instead of being mended here.
 */
#include "names.h"

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char to_lower(char c)
{
    return is_upper(c) ? (char)(c | 0x20) : c;
}

static char to_upper(char c)
{
    return is_lower(c) ? (char)(c & ~0x20) : c;
}

/* Copies one dotted part, or up to the end; returns where dst ends. */
static char *put_snake(char *dst, const char **src)
{
    bool was_upper = true; /* no underscore in front */
    const char *p;

    for (p = *src; *p && *p != '.'; p++) {
        if (is_upper(*p) && !was_upper)
            *dst++ = '_';
        *dst++ = to_lower(*p);
        was_upper = is_upper(*p);
    }
    *src = p;
    return dst;
}

static char *put_camel(char *dst, const char **src)
{
    bool up = true;
    const char *p;

    for (p = *src; *p && *p != '.'; p++) {
        if (*p == '_') {
            up = true;
            continue;
        }
        *dst++ = up ? to_upper(*p) : *p;
        up = false;
    }
    *src = p;
    return dst;
}

static char *join_parts(struct arena *arena, const char *full_name,
                        char *(*put)(char *dst, const char **src))
{
    char *text = arena_alloc(arena, 3 * strlen(full_name) + 1);
    char *dst = text;

    for (;;) {
        dst = put(dst, &full_name);
        if (!*full_name)
            break;
        full_name++;
        *dst++ = '_';
        *dst++ = '_';
    }
    *dst = '\0';
    return text;
}

char *name_snake(struct arena *arena, const char *camel)
{
    return join_parts(arena, camel, put_snake);
}

char *name_lower(struct arena *arena, const char *full_name)
{
    return join_parts(arena, full_name, put_snake);
}

char *name_type(struct arena *arena, const char *full_name)
{
    return join_parts(arena, full_name, put_camel);
}

char *name_ident(struct arena *arena, const char *text)
{
    char *ident = arena_strdup(arena, text);
    char *p;

    for (p = ident; *p; p++)
        if (!is_upper(*p) && !is_lower(*p) && !is_digit(*p))
            *p = '_';
    return ident;
}

char *name_upper(struct arena *arena, const char *text)
{
    char *upper = arena_strdup(arena, text);
    char *p;

    for (p = upper; *p; p++)
        *p = to_upper(*p);
    return upper;
}

char *name_lower_camel(struct arena *arena, const char *upper_snake)
{
    char *text = arena_strdup(arena, upper_snake);
    char *dst = text;
    const char *p;
    bool up = false;

    for (p = upper_snake; *p; p++) {
        if (*p == '_') {
            up = dst != text;
            continue;
        }
        *dst++ = up ? to_upper(*p) : to_lower(*p);
        up = false;
    }
    *dst = '\0';
    return text;
}

static bool is_one_of(const char *name, const char *const *words)
{
    size_t i;

    for (i = 0; words[i]; i++)
        if (strcmp(name, words[i]) == 0)
            return true;
    return false;
}

bool name_is_c_keyword(const char *name)
{
    static const char *const words[] = {
        "auto",    "break",  "case",     "char",   "const",    "continue", "default",
        "do",      "double", "else",     "enum",   "extern",   "float",    "for",
        "goto",    "if",     "inline",   "int",    "long",     "register", "restrict",
        "return",  "short",  "signed",   "sizeof", "static",   "struct",   "switch",
        "typedef", "union",  "unsigned", "void",   "volatile", "while",    NULL,
    };

    return is_one_of(name, words);
}

bool name_is_keyword(const char *name)
{
    static const char *const words[] = {
        "alignas",
        "alignof",
        "and",
        "and_eq",
        "asm",
        "bitand",
        "bitor",
        "bool",
        "catch",
        "char16_t",
        "char32_t",
        "char8_t",
        "class",
        "co_await",
        "co_return",
        "co_yield",
        "compl",
        "concept",
        "const_cast",
        "consteval",
        "constexpr",
        "constinit",
        "decltype",
        "delete",
        "dynamic_cast",
        "explicit",
        "export",
        "false",
        "friend",
        "mutable",
        "namespace",
        "new",
        "noexcept",
        "not",
        "not_eq",
        "nullptr",
        "operator",
        "or",
        "or_eq",
        "private",
        "protected",
        "public",
        "reinterpret_cast",
        "requires",
        "static_assert",
        "static_cast",
        "template",
        "this",
        "thread_local",
        "throw",
        "true",
        "try",
        "typeid",
        "typename",
        "using",
        "virtual",
        "wchar_t",
        "xor",
        "xor_eq",
        NULL,
    };

    return name_is_c_keyword(name) || is_one_of(name, words);
}

bool name_is_upper_camel(const char *name)
{
    const char *p;

    if (!is_upper(name[0]))
        return false;
    for (p = name; *p; p++) {
        if (!is_upper(*p) && !is_lower(*p) && !is_digit(*p))
            return false;
        if (is_upper(*p) && is_upper(p[1]))
            return false;
    }
    return true;
}

static bool is_snake(const char *name, bool (*is_letter)(char c))
{
    const char *p;

    if (!is_letter(name[0]))
        return false;
    for (p = name; *p; p++) {
        if (is_letter(*p) || is_digit(*p))
            continue;
        if (*p != '_' || p[1] == '_' || p[1] == '\0')
            return false;
    }
    return true;
}

bool name_is_lower_snake(const char *name)
{
    return is_snake(name, is_lower);
}

bool name_is_upper_snake(const char *name)
{
    return is_snake(name, is_upper);
}
