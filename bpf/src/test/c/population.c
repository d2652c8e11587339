// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 *   population PROGRAM
 *
 * Processes that come and go: some only wait to be replaced by the next, half of these executed themselves first; others execute PROGRAM, which
 * ends at once. At the first byte of input it comes to rest and prints "alive PROCESS" for all that are left, then "rest"; at its end all are gone.
 */
#include "ledger.h"
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#define WAITING 64
#define STORMS 2

static volatile bool *rest;

static pid_t waiting(int number)
{
	pid_t child = fork();

	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (number % 2)
			execl("/proc/self/exe", "waiting", NULL);
		for (;;)
			pause();
	}
	return child;
}

static void end(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static pid_t storm(const char *program)
{
	pid_t line = fork();

	if (line)
		return line;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (!*rest) {
		pid_t child = fork();

		if (!child) {
			execl(program, program, NULL);
			_exit(1);
		}
		waitpid(child, NULL, 0);
	}
	for (;;)
		pause();
}

static void watch_input(void)
{
	char byte;

	if (fork())
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (read(STDIN_FILENO, &byte, 1) >= 0)
		*rest = true;
	_exit(0);
}

int main(int count, char **words)
{
	pid_t storms[STORMS], them[WAITING];
	char byte;

	if (!strcmp(words[0], "waiting"))
		for (;;)
			pause();
	if (count != 2)
		return 2;
	rest = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	watch_input();
	for (int i = 0; i < STORMS; i++)
		storms[i] = storm(words[1]);
	for (int i = 0; i < WAITING; i++)
		them[i] = waiting(i);
	tell("begun\n");
	for (int i = 0; !*rest; i++) {
		end(them[i % WAITING]);
		them[i % WAITING] = waiting(i);
	}
	for (int i = 0; i < WAITING; i++)
		tell("alive %d\n", them[i]);
	for (int i = 0; i < STORMS; i++)
		tell("alive %d\n", storms[i]);
	tell("rest\n");
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	for (int i = 0; i < WAITING; i++)
		end(them[i]);
	for (int i = 0; i < STORMS; i++)
		end(storms[i]);
	return 0;
}
