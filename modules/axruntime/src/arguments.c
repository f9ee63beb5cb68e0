/*
 * The boot arguments: words between blanks, from the tree, so not to be trusted: any bytes, any
 * number. Axle's own are log=<level> and color=on; all others are the app's, and so is everything
 * after a word "--". They are copied into pages, not into the heap: an app that has no use for the
 * heap then has none in its image.
 */
#include "internal.h"
#include <axalloc/alloc.h>
#include <axbase/string.h>
#include <axlog/log.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

/* `word` is `key` followed by the value that is returned; else NULL. */
static const char *value_of(const char *word, const char *key)
{
    size_t length = strlen(key);
    return strncmp(word, key, length) == 0 ? word + length : NULL;
}

/* The word was Axle's own. */
static bool obey(const char *word)
{
    enum axlog_level level;
    const char *value = value_of(word, "log=");
    if (value != NULL) {
        if (axlog_parse_level(value, strlen(value), &level))
            axlog_set_level(level);
        else
            axlog_warn("log=%s: no such level; there are off, error, warn, info, debug, trace",
                       value);
        return true;
    }
    value = value_of(word, "color=");
    if (value != NULL)
        axlog_set_color(strcmp(value, "on") == 0);
    return value != NULL;
}

/* The word at `*text`, ended by a zero that replaces the blank after it; `*text` moves past it. */
static char *next_word(char **text)
{
    char *word = *text;
    while (is_blank(*word))
        word++;
    char *end = word;
    while (*end != '\0' && !is_blank(*end))
        end++;
    *text = *end == '\0' ? end : end + 1;
    *end = '\0';
    return word;
}

/* Obey Axle's own words, list the others. Returns how many of those found no room. */
static unsigned sort_words(char *text, struct arguments *out)
{
    bool all_are_the_apps = false;
    unsigned dropped = 0;
    for (char *word = next_word(&text); *word != '\0'; word = next_word(&text)) {
        if (!all_are_the_apps && strcmp(word, "--") == 0)
            all_are_the_apps = true;
        else if (!all_are_the_apps && obey(word))
            continue;
        else if (out->argc < ARGUMENTS_MAX)
            out->argv[out->argc++] = word;
        else
            dropped++;
    }
    out->argv[out->argc] = NULL;
    return dropped;
}

void arguments_parse(const char *text, struct arguments *out)
{
    static char name[] = "app";
    size_t bytes = strlen(text) + 1;
    *out = (struct arguments){.argc = 1, .argv = {name}};
    if (bytes == 1)
        return;
    struct ax_vaddr pages;
    if (axalloc_alloc_pages(axalloc_global(), ax_pages_for(bytes), AX_PAGE_SIZE, &pages) != AX_OK) {
        axlog_warn("no memory for the boot arguments: they are dropped");
        return;
    }
    char *copy = ax_vaddr_ptr(pages);
    memcpy(copy, text, bytes);
    unsigned dropped = sort_words(copy, out);
    if (dropped != 0)
        axlog_warn("%u boot argument%s beyond %u: dropped", dropped, dropped == 1 ? "" : "s",
                   ARGUMENTS_MAX - 1u);
}
