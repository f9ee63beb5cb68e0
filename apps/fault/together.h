/* What several CPUs do at once; together.c. */
#pragma once

/* A panic of this CPU while every other one interrupts it without an end. */
void panic_interrupted(void);

/* The run is ended with status 0 while another CPU, if there is one, has a panic to report. */
void exit_under_panic(void);

/* A hundred lines. */
void say(void);
