deps := axbase axdriver axhal axlog axruntime
srcs := main.c
