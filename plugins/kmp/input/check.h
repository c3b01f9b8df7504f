/*
 * The check of the kmp input: does the meter reply?
 */
#ifndef KMP_CHECK_H
#define KMP_CHECK_H

/* mp_input_ops.check */
int kmp_check(void *self);

#endif
