deps := axbase axhal axlog axruntime
srcs := main.c
