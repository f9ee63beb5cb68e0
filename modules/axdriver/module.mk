# axdriver: devices, found in the tree and driven.
deps := axbase axcpu axsync axlog axhal axalloc axmm axdma
srcs := src/chacha.c src/generator.c
test-deps := axtest
host-tests := test_generator
