deps := axbase axlog axalloc axruntime
srcs := main.c
# The app's own page allocator; PAGES= on the command line overrides it.
pages := nextfit
