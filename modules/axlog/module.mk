# axlog: log lines with levels.
deps := axbase
srcs-cold := src/log.c
test-deps := axtest
host-tests := test_log
host-support := host/ports.c
