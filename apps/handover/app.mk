deps := axlog axruntime
srcs := main.c
