/*
 * For a test that asks for more memory than there is: lets AddressSanitizer
 * return NULL, as malloc does, instead of ending the test.  Include it in the
 * file with main().
 */
#ifndef SUPPORT_HUGE_ALLOCATIONS_H
#define SUPPORT_HUGE_ALLOCATIONS_H

__attribute__((visibility("default"))) const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
  return "allocator_may_return_null=1";
}

#endif
