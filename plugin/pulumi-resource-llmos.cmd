@node "%~dp0pulumi-resource-llmos" %*
