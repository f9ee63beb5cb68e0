/* What a host test program sees of the ports in host/ports.c. */
#pragma once

/* The text of the latest panic; "" while there was none. */
extern char axtest_last_panic[512];
