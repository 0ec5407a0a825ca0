/* SPDX-License-Identifier: MIT */
/* program.c -- what a user of the installed library writes; exits with 0 when it works. */
#include <lode/client.h>
#include <lode/v1/system_service.client.h>
#include <stdio.h>

int main(void)
{
    Lode__V1__VersionRequest request = LODE__V1__VERSION_REQUEST__INIT;
    Lode__V1__VersionResponse *version = NULL;
    struct lode_client *client = NULL;
    struct lode_error error;

    if (lode_client_open("127.0.0.1:1", NULL, &client, &error) != LODE_OK)
        return 1;
    if (lode_v1_system_version(client, &request, NULL, &version, &error) != LODE_UNAVAILABLE)
        return 2; /* nobody listens on port 1 */
    printf("%s: %s: %s\n", lode_version(), lode_status_name(error.status), error.message);
    lode_client_close(client);
    return 0;
}
