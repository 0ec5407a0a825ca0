/* SPDX-License-Identifier: MIT */
/*
 * serve_search_check.c -- values of a search that have the right type and are wrong.
 *
 * They are refused where they stand: ".queries[1].rankingScoreThreshold" of a body,
 * "rankingScoreThreshold" of a query string.
 *
 * Threads    The loop.
 */
#include "api/serve_search.h"

#include <stdio.h>

enum { PLACE_MAX = 96 };

/* ISO 639-1, then 639-3: the languages that clients may name, in the order texts list them. */
static const char *const locales[] = {
    "af",  "ak",  "am",  "ar",  "az",  "be",  "bn",  "bg",  "ca",  "cs",  "da",  "de",  "el",
    "en",  "eo",  "et",  "fi",  "fr",  "gu",  "he",  "hi",  "hr",  "hu",  "hy",  "id",  "it",
    "jv",  "ja",  "kn",  "ka",  "km",  "ko",  "la",  "lv",  "lt",  "ml",  "mr",  "mk",  "my",
    "ne",  "nl",  "nb",  "or",  "pa",  "fa",  "pl",  "pt",  "ro",  "ru",  "si",  "sk",  "sl",
    "sn",  "es",  "sr",  "sv",  "ta",  "te",  "tl",  "th",  "tk",  "tr",  "uk",  "ur",  "uz",
    "vi",  "yi",  "zh",  "zu",  "afr", "aka", "amh", "ara", "aze", "bel", "ben", "bul", "cat",
    "ces", "dan", "deu", "ell", "eng", "epo", "est", "fin", "fra", "guj", "heb", "hin", "hrv",
    "hun", "hye", "ind", "ita", "jav", "jpn", "kan", "kat", "khm", "kor", "lat", "lav", "lit",
    "mal", "mar", "mkd", "mya", "nep", "nld", "nob", "ori", "pan", "pes", "pol", "por", "ron",
    "rus", "sin", "slk", "slv", "sna", "spa", "srp", "swe", "tam", "tel", "tgl", "tha", "tuk",
    "tur", "ukr", "urd", "uzb", "vie", "yid", "zho", "zul", "cmn",
};

enum { N_LOCALES = sizeof locales / sizeof *locales };

/* Only a GET has all its members in the query string. */
static bool is_query_string(const struct rpc_call *call)
{
    return rpc_call_query_string(call)[0] != '\0';
}

static bool is_locale(const char *code)
{
    size_t i;

    for (i = 0; i < N_LOCALES; i++)
        if (strcmp(locales[i], code) == 0)
            return true;
    return false;
}

static void refuse_locale(struct rpc_call *call, const char *inside, const char *code, size_t i,
                          size_t n)
{
    bool query = is_query_string(call);
    const char *near = query ? NULL : pb_did_you_mean(bytes_str(code), locales, N_LOCALES);
    char place[PLACE_MAX] = "locales", hint[PLACE_MAX] = "";
    struct buf list;
    size_t k;

    buf_init(&list, ERR_MSG_MAX);
    for (k = 0; k < N_LOCALES; k++)
        buf_printf(&list, query ? "%s%s" : "%s`%s`", k ? ", " : "", locales[k]);
    if (query && n > 1)
        (void)snprintf(place, sizeof place, "locales[%zu]", i);
    if (near)
        (void)snprintf(hint, sizeof hint, "did you mean `%s`? ", near);
    if (query)
        api_refuse(call, "invalid_search_locales",
                   "Invalid value in parameter `%s`: Unsupported locale `%.200s`, expected one of "
                   "%s",
                   place, code, buf_cstr(&list));
    else
        api_refuse(call, "invalid_search_locales",
                   "Unknown value `%.200s` at `%s.locales[%zu]`: %sexpected one of %s", code,
                   inside, i, hint, buf_cstr(&list));
    buf_done(&list);
}

bool search_values_ok(struct rpc_call *call, const char *inside, const ProtobufCMessage *request)
{
    Lode__V1__SearchRequest r;
    size_t i;

    lode__v1__search_request__init(&r);
    pb_copy_fields(request, &r.base);
    if (r.threshold_case == LODE__V1__SEARCH_REQUEST__THRESHOLD_RANKING_SCORE_THRESHOLD &&
        !(r.ranking_score_threshold >= 0 && r.ranking_score_threshold <= 1)) { /* NaN, too */
        bool query = is_query_string(call);

        api_refuse(call, "invalid_search_ranking_score_threshold",
                   "Invalid value %s `%s%srankingScoreThreshold`: the value of "
                   "`rankingScoreThreshold` is invalid, expected a float between `0.0` and `1.0`.",
                   query ? "in parameter" : "at", inside, query ? "" : ".");
        return false;
    }
    for (i = 0; i < r.n_locales; i++)
        if (!is_locale(r.locales[i])) {
            refuse_locale(call, inside, r.locales[i], i, r.n_locales);
            return false;
        }
    return true;
}

/* ---- what this server does not have ------------------------------------------------------- */

struct lack {
    bool used;
    const char *member;
    const char *word;
    const char *why;
};

enum rc search_refuse_lack(const char *member, const char *word, const char *why, struct err *err)
{
    return err_set(err, RC_INVALID, word, "Using `%s` is not possible: %s.", member, why);
}

enum rc search_check_lacks(const Lode__V1__SearchRequest *r, struct err *err)
{
    static const char no_embedder[] = "this server searches by words and has no embedders";
    const struct lack lacks[] = {
        {r->hybrid_given_case != 0, "hybrid", "invalid_search_embedder", no_embedder},
        {r->hybrid_embedder_given_case != 0, "hybridEmbedder", "invalid_search_embedder",
         no_embedder},
        {r->hybrid_semantic_ratio_given_case != 0, "hybridSemanticRatio", "invalid_search_embedder",
         no_embedder},
        {r->vector_given_case != 0, "vector", "invalid_search_embedder", no_embedder},
        {r->media_given_case != 0, "media", "feature_not_enabled", no_embedder},
        {r->personalize_given_case != 0, "personalize", "feature_not_enabled", SEARCH_NOT_PERSONAL},
        {r->personalize_user_context_given_case != 0, "personalizeUserContext",
         "feature_not_enabled", SEARCH_NOT_PERSONAL},
        {r->use_network_given_case != 0 && r->use_network, "useNetwork", "feature_not_enabled",
         SEARCH_NO_NETWORK},
    };
    size_t i;

    for (i = 0; i < sizeof lacks / sizeof *lacks; i++)
        if (lacks[i].used)
            return search_refuse_lack(lacks[i].member, lacks[i].word, lacks[i].why, err);
    return RC_OK;
}
