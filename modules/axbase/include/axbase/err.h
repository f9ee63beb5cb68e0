/*
 * One error type for every module: zero, or a negative number whose value is that of the Linux
 * errno of the same name (asm-generic/errno-base.h and errno.h), so that a C library's errno is
 * the negation.
 *
 * A function that can fail returns it and must be checked; its results go through the last
 * parameter and are written only on AX_OK.
 */
#pragma once

enum ax_err {
    AX_OK = 0,
    AX_EPERM = -1,      /* refused: the caller may not do this */
    AX_ENOENT = -2,     /* what was named does not exist */
    AX_EIO = -5,        /* a device or outside data failed */
    AX_ENOMEM = -12,    /* not enough memory */
    AX_EFAULT = -14,    /* an address that is not mapped or not ours */
    AX_EBUSY = -16,     /* in use, or of another shape than asked for */
    AX_EEXIST = -17,    /* already there */
    AX_ENODEV = -19,    /* no such device on this machine */
    AX_EINVAL = -22,    /* an argument outside its stated range */
    AX_ENOSPC = -28,    /* a fixed table is full */
    AX_ERANGE = -34,    /* arithmetic would wrap, or a value does not fit */
    AX_EOVERFLOW = -75, /* outside data describes more than its space holds */
    AX_ENOTSUP = -95,   /* not supported by this machine or build */
    AX_EALREADY = -114, /* done before; the state is as asked */
    AX_EBADMSG = -74,   /* outside data is malformed */
};

/* The name of `err` ("AX_ENOMEM"), or "unknown error". Static storage; never NULL. */
const char *ax_err_name(enum ax_err err);
