"""What connects a service of a .proto file with the class that has its handlers."""

def gatehouse_service_registration(name, service, proto):
    """Generates NAME.h and NAME.cc, NAME being register_user_service for UserService: a function that registers all its methods.

    gatehouse::service::RegisterUserService adds each method of the service with the member function of that name of
    gatehouse::service::UserService, which user_service.h of this folder declares. A method without one does not compile.

    Args:
      name: target name, and that of the files.
      service: the service's and the class's name.
      proto: the .proto file.
    """
    native.genrule(
        name = name,
        srcs = [proto],
        outs = [
            name + ".h",
            name + ".cc",
        ],
        cmd = "$(location //tools/bazel:service_registration) --service %s --folder %s $< $(OUTS)" % (
            service,
            native.package_name(),
        ),
        tools = ["//tools/bazel:service_registration"],
    )
