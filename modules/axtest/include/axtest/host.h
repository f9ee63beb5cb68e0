/* What a host test program sees of the panic port in host/panic.c. */
#pragma once

/* The text of the latest panic, and where it was; "" and line 0 while there was none. */
extern char axtest_last_panic[512];
extern const char *axtest_last_panic_file;
extern unsigned axtest_last_panic_line;
