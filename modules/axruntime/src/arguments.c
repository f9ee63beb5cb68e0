/*
 * The boot arguments: words between blanks, from the tree, so not to be trusted: any bytes, any
 * number. Axle's own are log=<level> and color=on; all others are the app's, and so is everything
 * after a word "--".
 */
#include "internal.h"
#include <axalloc/malloc.h>
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

void arguments_parse(const char *text, struct arguments *out)
{
    static char name[] = "app";
    bool all_are_the_apps = false;
    out->argc = 0;
    out->argv[out->argc++] = name;
    out->argv[out->argc] = NULL;
    char *rest = *text != '\0' ? axalloc_malloc(strlen(text) + 1) : NULL;
    if (rest == NULL)
        return;
    memcpy(rest, text, strlen(text) + 1);
    for (char *word = next_word(&rest); *word != '\0'; word = next_word(&rest)) {
        if (!all_are_the_apps && strcmp(word, "--") == 0)
            all_are_the_apps = true;
        else if (all_are_the_apps || !obey(word)) {
            if (out->argc == ARGUMENTS_MAX)
                break;
            out->argv[out->argc++] = word;
        }
    }
    out->argv[out->argc] = NULL;
}
