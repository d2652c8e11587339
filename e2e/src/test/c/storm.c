/* SPDX-License-Identifier: Apache-2.0 */
/*
 * storm N: starts N children one after the other, each of which executes this program again and ends at once. Prints what it
 * did, which is what the kernel's counters must say: N forks, N execs, N exits.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	long wanted = argc > 1 ? atol(argv[1]) : 0;
	long done = 0;

	if (wanted == 0)
		return 0; /* a child */
	for (long i = 0; i < wanted; i++) {
		int status;
		pid_t child = fork();

		if (child < 0) {
			perror("fork");
			return 1;
		}
		if (child == 0) {
			execl("/proc/self/exe", argv[0], (char *)0);
			_exit(127);
		}
		if (waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0)
			done++;
	}
	printf("%ld\n", done);
	return done == wanted ? 0 : 1;
}
