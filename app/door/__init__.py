"""Who comes in, with what: the socket, hosts, origins and tokens, endpoints, uploads and downloads."""
