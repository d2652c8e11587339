// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Says what it was called with and what it may do, a line for each:
 *
 *   path, folder HEX             as procfs calls them; none where it has no answer
 *   argument, environment HEX    one for each
 *   status NAME NUMBERS          lines of /proc/self/status
 *   namespace NAME INODE
 *   file DEVICE INODE LINKS      of itself, as stat(2) has it
 *   login USER, secure BITS
 */
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static void say(const char *what, const char *bytes, size_t length)
{
	printf("%s ", what);
	for (size_t i = 0; i < length; i++)
		printf("%02x", (unsigned char)bytes[i]);
	putchar('\n');
}

static void say_link(const char *what, const char *link)
{
	char text[8192];
	ssize_t length = readlink(link, text, sizeof(text));

	if (length >= 0)
		say(what, text, length);
}

static void say_status(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	char line[512];

	while (status && fgets(line, sizeof(line), status))
		if (!strncmp(line, "Uid:", 4) || !strncmp(line, "Gid:", 4) || !strncmp(line, "Cap", 3) || !strncmp(line, "NSpid:", 6))
			printf("status %s", line);
	if (status)
		fclose(status);
}

/* By name: the folder of a program that its file gave rights is closed to others, itself included. */
static void say_namespaces(void)
{
	static const char *const names[] = {"uts", "ipc", "mnt", "pid", "pid_for_children", "net", "time", "time_for_children", "cgroup", "user"};
	struct stat status;
	char path[64];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		if (!stat(path, &status))
			printf("namespace %s %lu\n", names[i], (unsigned long)status.st_ino);
	}
}

static void say_rest(void)
{
	struct stat status;
	FILE *login = fopen("/proc/self/loginuid", "r");
	unsigned user;

	if (!stat("/proc/self/exe", &status))
		printf("file %lu %lu %lu\n", (unsigned long)status.st_dev, (unsigned long)status.st_ino, (unsigned long)status.st_nlink);
	if (login && fscanf(login, "%u", &user) == 1)
		printf("login %u\n", user);
	if (login)
		fclose(login);
	printf("secure %d\n", prctl(PR_GET_SECUREBITS));
}

int main(int count, char **arguments, char **environment)
{
	say_link("path", "/proc/self/exe");
	say_link("folder", "/proc/self/cwd");
	for (int i = 0; i < count; i++)
		say("argument", arguments[i], strlen(arguments[i]));
	for (; *environment; environment++)
		say("environment", *environment, strlen(*environment));
	say_status();
	say_namespaces();
	say_rest();
	return 0;
}
