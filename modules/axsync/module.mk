# axsync: locks. Header-only: a lock that is not inlined costs more than its body.
deps := axbase axcpu
test-deps := axtest
host-tests := test_spinlock
