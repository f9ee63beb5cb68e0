/* The treap of map.h. */
#include "map.h"

#include "random.h"

#include <axalloc/malloc.h>
#include <axbase/string.h>

struct map_node {
    uint64_t key;
    uint64_t priority; /* at least that of the nodes below */
    struct map_node *left;
    struct map_node *right;
    char *text;
};

static struct map_node *new_node(struct map *map, uint64_t key, const char *text)
{
    struct map_node *node = axalloc_malloc(sizeof *node);
    char *copy = axalloc_malloc(strlen(text) + 1);
    if (node == NULL || copy == NULL) {
        axalloc_free(node);
        axalloc_free(copy);
        return NULL;
    }
    memcpy(copy, text, strlen(text) + 1);
    *node = (struct map_node){key, random_next(&map->random), NULL, NULL, copy};
    return node;
}

static void free_node(struct map_node *node)
{
    axalloc_free(node->text);
    axalloc_free(node);
}

/* Split the tree at `key`, which is not in it: what is below it, and what is above. */
static void split(struct map_node *tree, uint64_t key, struct map_node **below,
                  struct map_node **above)
{
    while (tree != NULL) {
        if (tree->key < key) {
            *below = tree;
            below = &tree->right;
            tree = tree->right;
        } else {
            *above = tree;
            above = &tree->left;
            tree = tree->left;
        }
    }
    *below = NULL;
    *above = NULL;
}

/* One tree of two, every key of `below` being less than every one of `above`. */
static struct map_node *join(struct map_node *below, struct map_node *above)
{
    struct map_node *tree = NULL, **link = &tree;
    while (below != NULL && above != NULL) {
        if (below->priority >= above->priority) {
            *link = below;
            link = &below->right;
            below = below->right;
        } else {
            *link = above;
            link = &above->left;
            above = above->left;
        }
    }
    *link = below != NULL ? below : above;
    return tree;
}

bool map_insert(struct map *map, uint64_t key, const char *text)
{
    struct map_node *node = new_node(map, key, text), **link = &map->root;
    if (node == NULL)
        return false;
    while (*link != NULL && (*link)->priority >= node->priority)
        link = key < (*link)->key ? &(*link)->left : &(*link)->right;
    split(*link, key, &node->left, &node->right);
    *link = node;
    map->count++;
    return true;
}

const char *map_find(const struct map *map, uint64_t key)
{
    const struct map_node *node = map->root;
    while (node != NULL && node->key != key)
        node = key < node->key ? node->left : node->right;
    return node == NULL ? NULL : node->text;
}

bool map_remove(struct map *map, uint64_t key)
{
    struct map_node **link = &map->root;
    while (*link != NULL && (*link)->key != key)
        link = key < (*link)->key ? &(*link)->left : &(*link)->right;
    struct map_node *node = *link;
    if (node == NULL)
        return false;
    *link = join(node->left, node->right);
    free_node(node);
    map->count--;
    return true;
}

/* Recursion as deep as the tree: some 50 calls for a million keys. */
static bool each(const struct map_node *node,
                 bool (*visit)(uint64_t key, const char *text, void *context), void *context)
{
    return node == NULL ||
           (each(node->left, visit, context) && visit(node->key, node->text, context) &&
            each(node->right, visit, context));
}

bool map_each(const struct map *map, bool (*visit)(uint64_t key, const char *text, void *context),
              void *context)
{
    return each(map->root, visit, context);
}

void map_clear(struct map *map)
{
    while (map->root != NULL) { /* pull left children up until the root has none: no stack */
        struct map_node *root = map->root, *left = root->left;
        if (left == NULL) {
            map->root = root->right;
            free_node(root);
        } else {
            root->left = left->right;
            left->right = root;
            map->root = left;
        }
    }
    map->count = 0;
}
