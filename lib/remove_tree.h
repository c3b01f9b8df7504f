/* Removes a directory with all its files. */
#ifndef LIB_REMOVE_TREE_H
#define LIB_REMOVE_TREE_H

/* Removes PATH and all files and directories in it, as far as possible.  Does
 * not follow symbolic links. */
void remove_tree(const char *path);

#endif
