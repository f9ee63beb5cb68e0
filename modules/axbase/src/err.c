/* Names of the error codes, for log lines and test output. */
#include <axbase/err.h>

const char *ax_err_name(enum ax_err err)
{
    switch (err) {
    case AX_OK:
        return "AX_OK";
    case AX_EPERM:
        return "AX_EPERM";
    case AX_ENOENT:
        return "AX_ENOENT";
    case AX_EIO:
        return "AX_EIO";
    case AX_ENOMEM:
        return "AX_ENOMEM";
    case AX_EFAULT:
        return "AX_EFAULT";
    case AX_EBUSY:
        return "AX_EBUSY";
    case AX_EEXIST:
        return "AX_EEXIST";
    case AX_ENODEV:
        return "AX_ENODEV";
    case AX_EINVAL:
        return "AX_EINVAL";
    case AX_ENOSPC:
        return "AX_ENOSPC";
    case AX_ERANGE:
        return "AX_ERANGE";
    case AX_EOVERFLOW:
        return "AX_EOVERFLOW";
    case AX_ENOTSUP:
        return "AX_ENOTSUP";
    case AX_EALREADY:
        return "AX_EALREADY";
    case AX_EBADMSG:
        return "AX_EBADMSG";
    }
    return "unknown error";
}
