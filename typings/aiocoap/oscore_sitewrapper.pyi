from aiocoap.credentials import CredentialsMap
from aiocoap.interfaces import Resource

class OscoreSiteWrapper(Resource):
    def __init__(self, inner_site: Resource, server_credentials: CredentialsMap) -> None: ...
