# axsync: locks. In headers, for the most part: a lock that is not inlined costs more than its body.
deps := axbase axcpu
srcs-cold := src/once.c $(if $(CONFIG_AXSYNC_RANKS),src/ranks.c)
test-deps := axtest
host-tests := test_spinlock test_once test_sequence $(if $(CONFIG_AXSYNC_RANKS),test_ranks)
