deps := axbase axcpu axhal axlog axruntime
srcs := main.c
