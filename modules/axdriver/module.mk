# axdriver: devices, found in the tree and driven.
deps := axbase axcpu axsync axlog axhal axalloc axmm axdma
srcs := src/chacha.c src/generator.c
srcs-cold := src/pci_bars.c src/pci_config.c src/pci_scan.c src/pci_windows.c
test-deps := axtest
host-tests := test_generator
host-tests += test_pci
