/*
 * Compiler attributes behind one header, for gcc 12 and clang 14 alike.
 *
 * The AX_LOCK family are clang's thread-safety annotations; gcc has none, so there they are empty.
 */
#pragma once

#define AX_NORETURN __attribute__((noreturn))
#define AX_NOINLINE __attribute__((noinline))
#define AX_ALWAYS_INLINE __attribute__((always_inline)) inline
#define AX_COLD __attribute__((cold))
#define AX_MUST_CHECK __attribute__((warn_unused_result))
#define AX_PRINTF(format_index, first_index)                                                       \
    __attribute__((format(printf, format_index, first_index)))
#define AX_ALIGNED(bytes) __attribute__((aligned(bytes)))
#define AX_SECTION(name) __attribute__((section(name)))
/* Code that says this brings `object` into the image, though nothing there reads it by name. */
#define AX_KEEP(object) __asm__ volatile("" : : "r"(object))
/* Where the running function was called from: the address after the call. */
#define AX_RETURN_ADDRESS __builtin_return_address(0)
/* `function` gets the address of the variable when its scope ends. */
#define AX_CLEANUP(function) __attribute__((cleanup(function)))

/* A function that must not carry a stack check: it runs before the canary is set. */
#define AX_NO_STACK_PROTECTOR __attribute__((no_stack_protector))

#if defined(__clang__)
#define AX_THREAD_ANNOTATION(annotation) __attribute__((annotation))
#else
#define AX_THREAD_ANNOTATION(annotation)
#endif

#define AX_LOCK_TYPE(name) AX_THREAD_ANNOTATION(capability(name))
#define AX_ACQUIRES(lock) AX_THREAD_ANNOTATION(acquire_capability(lock))
#define AX_RELEASES(lock) AX_THREAD_ANNOTATION(release_capability(lock))
#define AX_REQUIRES(lock) AX_THREAD_ANNOTATION(requires_capability(lock))
#define AX_NO_THREAD_ANALYSIS AX_THREAD_ANNOTATION(no_thread_safety_analysis)
