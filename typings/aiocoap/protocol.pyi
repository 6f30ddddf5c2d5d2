from aiocoap import Request as Request
