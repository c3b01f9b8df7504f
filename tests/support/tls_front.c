/* Runs stunnel and openssl for tests. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "lib/array.h"
#include "tests/support/tls_front.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct tls_front {
  pid_t pid;
  unsigned port;
};

/* ---- Certificates -------------------------------------------------------- */

/* Configuration of "openssl ca". */
static const char ca_config[] = "[ca]\n"
                                "default_ca = own\n"
                                "[own]\n"
                                "database = index.txt\n"
                                "new_certs_dir = .\n"
                                "rand_serial = yes\n"
                                "unique_subject = no\n"
                                "default_md = sha256\n"
                                "policy = any\n"
                                "[any]\n"
                                "commonName = supplied\n"
                                "[root]\n"
                                "basicConstraints = critical, CA:true\n"
                                "subjectKeyIdentifier = hash\n"
                                "[here]\n"
                                "subjectAltName = IP:127.0.0.1, DNS:localhost\n"
                                "[there]\n"
                                "subjectAltName = DNS:domoticz.example.org\n";

/* The sandbox's clock begins at 2026-11-22T10:00:00Z. */
#define LONG_AGO "20200101000000Z"
#define YESTERDAY "20261121000000Z"
#define TOMORROW "20261123000000Z"
#define IN_LONG "20490101000000Z"

static const struct certificate {
  const char *name, *issuer, *extensions, *from, *until;
} certificates[] = {
  { "ca", NULL, "root", LONG_AGO, IN_LONG },
  { "unknown", NULL, "root", LONG_AGO, IN_LONG },
  { "good", "ca", "here", LONG_AGO, IN_LONG },
  { "elsewhere", "ca", "there", LONG_AGO, IN_LONG },
  { "expired", "ca", "here", LONG_AGO, YESTERDAY },
  { "early", "ca", "here", TOMORROW, IN_LONG },
  { "self", NULL, "here", LONG_AGO, IN_LONG },
  { "stranger", "unknown", "here", LONG_AGO, IN_LONG },
};

bool
tls_is_there(void)
{
  return system("command -v stunnel >/dev/null && "
                "command -v openssl >/dev/null") == 0;
}

/* Runs a shell command in the sandbox's directory. */
__attribute__((format(printf, 2, 3))) static void
shell(struct sandbox *s, const char *fmt, ...)
{
  char *command, *whole;
  va_list args;
  int status;

  va_start(args, fmt);
  ck_assert_int_ge(vasprintf(&command, fmt, args), 0);
  va_end(args);
  ck_assert_int_ge(asprintf(&whole, "cd '%s' && { %s; } >tls.log 2>&1",
                            sandbox_dir(s), command),
                   0);
  status = system(whole);
  ck_assert_msg(status == 0, "%s: %s", command, sandbox_read(s, "tls.log"));
  free(command);
  free(whole);
}

void
tls_make_certificate(struct sandbox *s, const char *name)
{
  const struct certificate *c = certificates;
  char by[128] = "-selfsign";

  while (strcmp(c->name, name) != 0) {
    c++;
    ck_assert(c < certificates + ARRAY_SIZE(certificates));
  }
  if (c->issuer)
    snprintf(by, sizeof(by), "-cert %s.pem", c->issuer);
  shell(s,
        "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
        "-keyout %s.key -out %s.csr -subj '/CN=%s'",
        name, name, name);
  shell(s,
        "openssl ca -config ca.conf -batch -notext %s -keyfile %s.key "
        "-in %s.csr -out %s.pem -extensions %s -startdate %s -enddate %s",
        by, c->issuer ? c->issuer : name, name, name, c->extensions, c->from,
        c->until);
}

void
tls_make_ca(struct sandbox *s)
{
  sandbox_write(s, "ca.conf", "%s", ca_config);
  sandbox_write(s, "index.txt", "%s", "");
  tls_make_certificate(s, "ca");
  tls_make_certificate(s, "unknown");
}

/* ---- stunnel ------------------------------------------------------------- */

/* Runs in the child.  The test has threads, so nothing here may allocate. */
static void
become_stunnel(const char *dir)
{
  int log = -1;

  if (chdir(dir) == 0)
    log = open("stunnel.log", O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (log < 0 || dup2(log, STDERR_FILENO) < 0 || dup2(log, STDOUT_FILENO) < 0)
    _exit(126);
  execlp("stunnel", "stunnel", "stunnel.conf", (char *)NULL);
  _exit(127);
}

/* Returns the port that stunnel logged as bound; 0: none yet. */
static unsigned
bound_port(struct sandbox *s)
{
  static const char words[] = "bound to 127.0.0.1:";
  const char *log = sandbox_read(s, "stunnel.log");
  const char *at = log ? strstr(log, words) : NULL;

  /* The number is complete when its line is. */
  if (!at || !strchr(at, '\n'))
    return 0;
  return (unsigned)strtoul(at + strlen(words), NULL, 10);
}

struct tls_front *
tls_front_start(struct sandbox *s, const char *name, unsigned port,
                unsigned behind)
{
  struct tls_front *f = calloc(1, sizeof(*f));
  int status;

  ck_assert_ptr_nonnull(f);
  sandbox_write(s, "stunnel.conf",
                "foreground = yes\ndebug = info\nsyslog = no\npid =\n"
                "[front]\naccept = 127.0.0.1:%u\nconnect = 127.0.0.1:%u\n"
                "cert = %s.pem\nkey = %s.key\nTIMEOUTclose = 0\n",
                port, behind, name, name);
  sandbox_write(s, "stunnel.log", "%s", "");
  f->pid = fork();
  ck_assert_int_ge(f->pid, 0);
  if (f->pid == 0)
    become_stunnel(sandbox_dir(s));
  for (f->port = 0; f->port == 0; f->port = bound_port(s)) {
    ck_assert_msg(waitpid(f->pid, &status, WNOHANG) == 0, "stunnel: %s",
                  sandbox_read(s, "stunnel.log"));
    usleep(1000);
  }
  return f;
}

void
tls_front_stop(struct tls_front *f)
{
  if (!f)
    return;
  kill(f->pid, SIGKILL);
  waitpid(f->pid, NULL, 0);
  free(f);
}

unsigned
tls_front_port(const struct tls_front *f)
{
  return f->port;
}
