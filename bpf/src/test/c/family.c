// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Lives as its arguments say, one after the other, and tells it (ledger.h). Words that make a process are followed by the words of that process up
 * to a "." that is theirs; without one all the rest is the child's.
 *
 *   fork, vfork, clone3, clone-parent, thread-fork WORDS .   how the child is made; its maker waits for all the children that it has
 *   clone-into FOLDER WORDS .    into that cgroup
 *   detach WORDS .               a child that its maker does not wait for; its words begin when another process has adopted it
 *   refused-fork                 into a pid namespace whose first process has ended
 *   exec, thread-exec            itself again, for the rest of the words; by another thread than the first
 *   try PATH                     an exec that is refused
 *   race COUNT PROGRAM           children that execute PROGRAM with arguments of 1 MiB, and are killed somewhere on their way
 *   subreaper, unshare-pid, unshare-user
 *   next-pid ID                  that the next process of this pid namespace gets; highest: the last before they begin anew
 *   same-pid                     two children, one after the other, with one id
 *   threads COUNT                as many that come and go; idle-threads: that stay
 *   end CODE, thread-end CODE    exit_group, by the first thread or another
 *   leader-leaves CODE LAST      the first thread ends with CODE, and when it has, the last with LAST
 *   raise SIGNAL                 with its default action
 *   cores                        may be dumped
 */
#define _GNU_SOURCE
#include "ledger.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

static void live(char **words);

static void fail(const char *what)
{
	perror(what);
	_exit(126);
}

/* ---- children ---- */

static char **after(char **words) /* the "." that belongs to them */
{
	static const char *const makers[] = {"fork", "vfork", "clone3", "clone-parent", "clone-into", "thread-fork", "detach"};
	int open = 1;

	for (; *words; words++) {
		for (size_t i = 0; i < sizeof(makers) / sizeof(*makers); i++)
			open += !strcmp(*words, makers[i]);
		if (!strcmp(*words, ".") && !--open)
			return words + 1;
	}
	return words;
}

static void born(int maker, int *outer)
{
	*outer = outer_pid();
	tell("fork %d by %d as %d\n", *outer, maker, getpid());
}

static void await_all(pid_t child, const int *outer)
{
	int status;
	pid_t ended;

	while ((ended = waitpid(-1, &status, __WALL)) > 0)
		tell("exit %d %d\n", ended == child ? *outer : ended, status);
}

static void exec_self(char **words)
{
	words[-1] = "again";
	execv("/proc/self/exe", words - 1);
	fail("exec");
}

static pid_t clone_with(unsigned long flags, int cgroup)
{
	struct clone_args how = {.flags = flags, .exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD, .cgroup = cgroup};

	return syscall(SYS_clone3, &how, sizeof(how));
}

static void make(const char *how, int cgroup, char **words)
{
	int maker = outer_pid(), self = getpid(), *outer = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t volatile child;

	if (!strcmp(how, "vfork")) {
		child = vfork();
		if (!child) {
			born(maker, outer);
			exec_self(words);
		}
	} else if (!strcmp(how, "clone3")) {
		child = clone_with(0, 0);
	} else if (!strcmp(how, "clone-parent")) {
		child = clone_with(CLONE_PARENT, 0);
	} else if (!strcmp(how, "clone-into")) {
		child = clone_with(CLONE_INTO_CGROUP, cgroup);
	} else {
		child = fork();
	}
	if (child < 0)
		fail(how);
	if (!child) {
		born(maker, outer);
		if (!strcmp(how, "detach"))
			while (getppid() == self)
				usleep(1000);
		live(words);
		_exit(0);
	}
	if (strcmp(how, "detach"))
		await_all(child, outer);
}

static void *make_in_thread(void *words)
{
	make("fork", 0, words);
	return NULL;
}

static void refused_fork(void)
{
	pid_t first;

	if (unshare(CLONE_NEWPID))
		fail("unshare");
	first = vfork();
	if (!first)
		_exit(0);
	waitpid(first, NULL, 0);
	if (fork() >= 0)
		_exit(126);
	tell("refused %d\n", errno);
	_exit(0);
}

static void set_next_pid(long id)
{
	char text[24];
	int file = open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC), length = snprintf(text, sizeof(text), "%ld", id - 1);

	if (file < 0 || write(file, text, length) != length)
		fail("ns_last_pid");
	close(file);
}

static long highest_pid(void)
{
	FILE *file = fopen("/proc/sys/kernel/pid_max", "r");
	long limit = 0;

	if (!file || fscanf(file, "%ld", &limit) != 1)
		fail("pid_max");
	fclose(file);
	return limit - 1;
}

/* Others may be quicker in taking the id: then once more. */
static void same_pid(void)
{
	int first = 0, second = -1, status;

	while (second != first) {
		for (int i = 0; i < 2; i++) {
			pid_t child;

			if (i)
				set_next_pid(first);
			child = fork();
			if (!child)
				_exit(i);
			waitpid(child, &status, 0);
			tell("fork %d by %d as %d\nexit %d %d\n", child, getpid(), child, child, status);
			*(i ? &second : &first) = child;
		}
	}
}

/* ---- exec ---- */

static void *exec_in_thread(void *words)
{
	exec_self(words);
	return NULL;
}

static void try(const char *path)
{
	execl(path, path, NULL);
	tell("refused %d\n", errno);
}

static long micros(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static pid_t run_heavy(const char *program)
{
	static char argument[64 << 10], *arguments[18];
	pid_t child;

	memset(argument, 'a', sizeof(argument) - 1);
	for (int i = 0; i < 16; i++)
		arguments[i] = argument;
	child = fork();
	if (!child) {
		execv(program, arguments);
		_exit(127);
	}
	tell("fork %d by %d as %d\n", child, getpid(), child);
	return child;
}

static void race(int count, const char *program)
{
	long begin = micros(), whole;
	pid_t child = run_heavy(program);
	int status;

	waitpid(child, &status, 0);
	tell("exit %d %d\n", child, status);
	whole = micros() - begin;
	for (int i = 0; i < count; i++) {
		begin = micros();
		child = run_heavy(program);
		while (micros() - begin < whole * i / count)
			;
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
		tell("exit %d %d\n", child, status);
	}
}

/* ---- threads and ends ---- */

static pthread_t start(void *(*function)(void *), void *argument)
{
	pthread_t thread;

	errno = pthread_create(&thread, NULL, function, argument);
	if (errno)
		fail("pthread_create");
	return thread;
}

static void *nothing(void *unused)
{
	return unused;
}

static void *stay(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void *end_all(void *code)
{
	syscall(SYS_exit_group, (long)code);
	return NULL;
}

static void *end_after_leader(void *code)
{
	char path[64], text[256] = {};

	snprintf(path, sizeof(path), "/proc/thread-self/../%d/stat", outer_pid());
	while (!strstr(text, ") Z ")) {
		int file = open(path, O_RDONLY);

		if (file < 0 || read(file, text, sizeof(text) - 1) <= 0)
			_exit(126);
		close(file);
	}
	syscall(SYS_exit, (long)code);
	return NULL;
}

static void raise_default(int number)
{
	sigset_t all;

	sigfillset(&all);
	signal(number, SIG_DFL);
	sigprocmask(SIG_UNBLOCK, &all, NULL);
	syscall(SYS_kill, getpid(), number);
}

static void set_core_limit(rlim_t bytes)
{
	struct rlimit limit = {.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};

	if (setrlimit(RLIMIT_CORE, &limit))
		fail("RLIMIT_CORE");
}

/* ---- words ---- */

static void live(char **words)
{
	while (*words) {
		const char *word = *words++;
#define IS(name) (!strcmp(word, name))
#define NUMBER() strtol(*words++, NULL, 0)
		if (IS("fork") || IS("vfork") || IS("clone3") || IS("clone-parent") || IS("detach")) {
			make(word, 0, words);
			words = after(words);
		} else if (IS("clone-into")) {
			make(word, open(*words, O_PATH | O_DIRECTORY | O_CLOEXEC), words + 1);
			words = after(words);
		} else if (IS("thread-fork")) {
			pthread_join(start(make_in_thread, words), NULL);
			words = after(words);
		} else if (IS(".")) {
			return;
		} else if (IS("refused-fork")) {
			refused_fork();
		} else if (IS("exec")) {
			exec_self(words);
		} else if (IS("thread-exec")) {
			start(exec_in_thread, words);
			stay(NULL);
		} else if (IS("try")) {
			try(*words++);
		} else if (IS("race")) {
			race(strtol(words[0], NULL, 0), words[1]);
			words += 2;
		} else if (IS("subreaper")) {
			prctl(PR_SET_CHILD_SUBREAPER, 1);
		} else if (IS("unshare-pid")) {
			if (unshare(CLONE_NEWPID))
				fail(word);
		} else if (IS("unshare-user")) {
			if (unshare(CLONE_NEWUSER))
				fail(word);
		} else if (IS("next-pid")) {
			const char *id = *words++;

			set_next_pid(strcmp(id, "highest") ? strtol(id, NULL, 0) : highest_pid());
		} else if (IS("same-pid")) {
			same_pid();
		} else if (IS("threads")) {
			for (long count = NUMBER(); count; count--)
				pthread_join(start(nothing, NULL), NULL);
		} else if (IS("idle-threads")) {
			for (long count = NUMBER(); count; count--)
				start(stay, NULL);
		} else if (IS("end")) {
			_exit(NUMBER());
		} else if (IS("thread-end")) {
			start(end_all, (void *)NUMBER());
			stay(NULL);
		} else if (IS("leader-leaves")) {
			start(end_after_leader, (void *)strtol(words[1], NULL, 0));
			syscall(SYS_exit, strtol(words[0], NULL, 0));
		} else if (IS("raise")) {
			raise_default(NUMBER());
		} else if (IS("cores")) {
			set_core_limit(RLIM_INFINITY);
		} else {
			fprintf(stderr, "family: %s: not a word\n", word);
			_exit(2);
		}
	}
}

int main(int count, char **words)
{
	if (count && !strcmp(words[0], "again"))
		tell("exec %d\n", outer_pid());
	else
		set_core_limit(0);
	live(words + 1);
	return 0;
}
