"""What tools/run, tools/test and tools/bench share: a guest in QEMU, watched from the host."""
